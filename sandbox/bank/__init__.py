"""The sandbox bank: one ledger behind four interfaces: its own JSON, VNPay, the national platform, and VietQR."""
