"""A refund (hoàn phí) of one capture of a payment, requested by one officer and approved by another."""
