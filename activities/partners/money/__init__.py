"""Those who take money, beside each other: VNPay, the national payment platform, and transfers by VietQR."""
