"""What the doctor looks at in dealings with bank, post and signer."""
