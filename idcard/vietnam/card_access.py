"""EF.CardAccess as every Vietnamese card is known to hold it, for those cards that do not give it out.

Terminal authentication version 1; chip authentication id-CA-ECDH-AES-CBC-CMAC-192 version 1; PACE
id-PACE-ECDH-GM-AES-CBC-CMAC-128 version 2 over brainpoolP256r1 (parameter 13). Many cards answer 6D00 to a SELECT of
the master file, before which this file cannot be selected by the book.
"""

_HEX = """
    3134
      300d 0608 04007f0007020202          020101
      300f 060a 04007f00070202030203      020101
      3012 060a 04007f00070202040202      020102 02010d
"""
CARD_ACCESS = bytes.fromhex(_HEX)
"""The file, byte for byte: an assumption to be tried, never evidence of what this chip said."""
