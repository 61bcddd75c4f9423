"""The live set of posts: what is known of the folder at one moment, and how it follows the disk."""
