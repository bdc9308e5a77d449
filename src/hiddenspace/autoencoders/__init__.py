"""Autoencoders: Decoder(Encoder(x)) ~ x."""
