#!/bin/sh
# Sees to it that the browser tests find a Chromium. On Debian root may install one; anyone else is told how, and the
# browser tests are skipped until then (but never where CI is set).
set -eu
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "setup: installing chromium (once)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
else
  echo "setup: the browser tests need Chromium. On Debian: sudo apt-get install chromium" >&2
fi
