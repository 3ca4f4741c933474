"""The shipped rule files and profiles, against examples of ours and published ones."""
