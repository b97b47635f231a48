"""`make bench`: what a governed call costs beside an ungoverned one. Not collected by pytest: it times, and
says no pass or fail."""
