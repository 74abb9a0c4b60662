# One image for every kind of process: `docker run … millrace stream`, `serve`, `start`, and the commands.

# Packages are installed where a compiler is: on platforms without a prebuilt RocksDB it is built here.
FROM node:24.21.0-bookworm AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
# What concerns memory is as in deploy/environment.sh, which says why.
ENV NODE_ENV=production \
    NO_COLOR=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=262144 \
    MALLOC_TRIM_THRESHOLD_=262144 \
    NODE_OPTIONS=--max-semi-space-size=16 \
    MILLRACE_DATA_DIR=/var/lib/millrace \
    MILLRACE_HTTP_HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
# Node runs the sources as they are; there is nothing to build.
COPY package.json package-lock.json LICENSE NOTICE ./
COPY engine ./engine
COPY schemas ./schemas
COPY recommend ./recommend
COPY processors ./processors
COPY topologies ./topologies
COPY connectors ./connectors
COPY reprocess ./reprocess
COPY deploy ./deploy
COPY serve ./serve
# The user `node` of the image, by number, so that hosts can tell that it is not root.
RUN mkdir /var/lib/millrace && chown 1000:1000 /var/lib/millrace
USER 1000:1000
VOLUME /var/lib/millrace
EXPOSE 8080 9090
# The process lives; whether it also answers is /readyz, for whoever sends it traffic.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MILLRACE_ADMIN_PORT || 9090}/livez`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1 and handles SIGTERM itself: it commits, and leaves.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "serve/main.ts"]
CMD ["start", "--no-demo"]
