"""Publishing: the Ministry writes, reviews, approves, releases and retires protocols and pathways."""
