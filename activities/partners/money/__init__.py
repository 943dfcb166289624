"""Payment providers: VNPay, the national payment platform, and transfers by VietQR."""
