# syntax=docker/dockerfile:1
# The service without the demo. Build: docker build --build-arg COMMIT="$(git rev-parse HEAD)" -t bulwark .
ARG RUST_VERSION=1.95

FROM docker.io/library/rust:${RUST_VERSION}-bookworm AS build
WORKDIR /src
# The workspace does not resolve without the manifests of all its members, although nothing of these three is compiled here.
COPY Cargo.toml Cargo.lock catalog.toml ./
COPY .cargo .cargo
COPY .sqlx .sqlx
COPY migrations migrations
COPY bench bench
COPY crash crash
COPY simulator simulator
COPY src src
ARG COMMIT=unknown
ENV BULWARK_COMMIT=${COMMIT}
# The caches live outside the image's layers, so the binary is copied out in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/usr/local/cargo/git \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --no-default-features --bin bulwark \
    && install -D target/release/bulwark /out/bulwark

# No shell and no package manager: whoever breaks in finds nothing to run. Certificates and glibc are there.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="bulwark" \
      org.opencontainers.image.description="The service behind a Telegram bot that takes money and runs slow jobs"
COPY --from=build /out/bulwark /usr/local/bin/bulwark
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM
# The image has no curl; the binary asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["bulwark", "healthcheck"]
ENTRYPOINT ["bulwark"]
CMD ["serve"]
