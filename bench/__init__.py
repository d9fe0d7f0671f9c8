"""The measurements that the README and the documents quote; each prints what it found."""
