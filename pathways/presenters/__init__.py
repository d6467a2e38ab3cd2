"""What pages show, made ready: resources in, plain words and numbers out."""
