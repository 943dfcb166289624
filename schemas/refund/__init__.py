"""Money that goes back (hoàn phí): of one capture of a payment, asked for by one and approved by another."""
