"""What `foretaste inspect` tells of files before anything of them is stored."""
