"""Pages published to object storage, so that an alert's link opens from anywhere (needs the package obstore)."""
