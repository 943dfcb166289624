"""The sandbox bank: a ledger of its own, spoken to in its JSON, as VNPay, as the national platform, and by VietQR."""
