"""The doctor's checks of the dealings with bank, post and signer."""
