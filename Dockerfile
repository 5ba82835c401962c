# syntax=docker/dockerfile:1
# The image of the service, with the web page. docs/how-to/deploy.md describes its contents and its tests.

# To pin the base images, print their digests with `docker buildx imagetools inspect <image>` and set
# NODE=node:24-bookworm-slim@sha256:… and PYTHON=…, here or with --build-arg. The tests run on the same Debian and Python.
ARG NODE=node:24-bookworm-slim
ARG PYTHON=python:3.11-slim-bookworm

# 1. The web page, as static files.
FROM ${NODE} AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
ENV NEXT_TELEMETRY_DISABLED=1
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY schema/schema.graphql /src/schema/schema.graphql
COPY web/ ./
RUN npm run build

# 2. The locked Python packages, without the embedded stores and without pip.
FROM ${PYTHON} AS wheels
WORKDIR /src
COPY requirements-image.lock ./
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
       --require-hashes --only-binary :all: -r requirements-image.lock
COPY tools/ tools/
COPY --from=page /src/web/out/ web/out/
RUN python -c 'from pathlib import Path; from tools.page import pack; pack(Path("web/out"))'

# 3. The image that runs: packages, web page and sources.
FROM ${PYTHON} AS runtime
RUN groupadd --system --gid 10001 millitask \
    && useradd --system --uid 10001 --gid millitask --no-create-home --home-dir /nonexistent millitask \
    && install -d -o millitask -g millitask -m 0700 /var/lib/millitask
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MILLITASK_HOST=0.0.0.0 \
    MILLITASK_IDENTITY=tokens \
    MILLITASK_PROFILE=production
COPY --from=wheels /venv/ /venv/
COPY api/ api/
COPY schema/ schema/
COPY compiler/ compiler/
COPY cache/ cache/
COPY db/ db/
COPY loadgen/ loadgen/
COPY millitask/ millitask/
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash api schema compiler cache db loadgen millitask
COPY --from=wheels /src/web/out/ web/out/
# Everything is compiled, and the root file system can be read-only.
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "api", "serve"]
