/** How far a download is, for people. */

/** `tensorflow-cpu 2.18.1: 115.2 of 230.4 MB, 50 %, 8.1 MB/s, 14 s left`. */
export function progressText({ what, done, total, rate }) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const speed = rate > 0 ? `, ${megabytes(rate)} MB/s` : '';
  if (!total) return `${what}: ${megabytes(done)} MB${speed}`;
  const left = rate > 0 && done < total ? `, ${Math.ceil((total - done) / rate)} s left` : '';
  return `${what}: ${megabytes(done)} of ${megabytes(total)} MB, ${Math.floor((100 * done) / total)} %${speed}${left}`;
}

/** Writes to a terminal on one line that is replaced, elsewhere a line every few seconds. */
export function progressWriter(stream, { prefix = '', quietMs = 5_000, now = () => performance.now() } = {}) {
  let open = false;
  let last = Number.NEGATIVE_INFINITY;
  const end = () => {
    if (open) stream.write('\r\u001b[2K');
    open = false;
  };
  return {
    progress(text) {
      const every = stream.isTTY ? 100 : quietMs;
      if (now() - last < every) return;
      last = now();
      if (stream.isTTY) stream.write(`\r\u001b[2K${`${prefix}${text}`.slice(0, (stream.columns || 80) - 1)}`);
      else stream.write(`${prefix}${text}\n`);
      open = Boolean(stream.isTTY);
    },
    line(text) {
      end();
      stream.write(`${prefix}${text}\n`);
    },
    end,
  };
}
