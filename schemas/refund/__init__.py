"""A refund (hoàn phí) of one capture of a payment, requested by an officer or the system, approved by an officer."""
