"""What may be wrong with how a link looks, one module for each part of a page."""
