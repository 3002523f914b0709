"""What shows that a burn of points is the shopper's own wish: codes, PINs, the app's QR, a supervisor's word."""
