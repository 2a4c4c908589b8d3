"""Running the site: backup, restore, and the hold on all moves that follows one."""
