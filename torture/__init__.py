"""The acceptance tests at their full size, and the report about them."""
