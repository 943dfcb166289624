"""The sandbox bank: one ledger with four interfaces, namely its own JSON, VNPay, the national platform, and VietQR."""
