# One image for every role (web, worker, scheduler, migrate): see docker/entrypoint and
# docs/operating.md. Runs as nobody in particular; everything it writes lies under /data and /tmp,
# so the root file system can be read-only.

FROM python:3.11-slim AS builder
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --require-hashes --only-binary :all: -r requirements.txt
COPY manage.py LICENSE LICENSE-CONTENT ./
COPY site site
COPY playbook playbook
COPY federation federation
COPY locales locales
COPY docker docker
# The key is made up for this one command and kept nowhere.
RUN SECRET_KEY="$(/venv/bin/python -c 'import secrets; print(secrets.token_hex(32))')" \
    DJANGO_SETTINGS_MODULE=solidarity.settings.production \
    SOLIDARITY_DATA_DIR=/tmp/build SOLIDARITY_STATIC_ROOT=/app/static \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q site playbook federation locales

FROM python:3.11-slim
# What PDF needs: Pango, and fonts for many scripts.
RUN apt-get update --quiet=2 \
    && apt-get install --quiet=2 --yes --no-install-recommends \
        fonts-noto-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin solidarity \
    && install --directory --owner solidarity --group solidarity --mode 0700 /data
COPY --from=builder /venv /venv
COPY --from=builder /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=solidarity.settings.production \
    SOLIDARITY_DATA_DIR=/data \
    SOLIDARITY_STATIC_ROOT=/app/static
WORKDIR /app
USER solidarity:solidarity
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["/app/docker/entrypoint", "health"]
ENTRYPOINT ["/app/docker/entrypoint"]
CMD ["web"]
