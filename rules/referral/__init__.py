"""Parts of a procedure that another agency decides (liên thông: Decree 61/2018 art. 19 k6)."""
