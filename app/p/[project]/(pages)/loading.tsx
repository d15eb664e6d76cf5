/** The frame is there at once; only after 200 ms grey lines say that something comes. */
export default function Loading() {
  return (
    <div className="page mid" aria-busy="true">
      <section className="card stack">
        <div className="skeleton" style={{ width: '92%' }} />
        <div className="skeleton" style={{ width: '84%' }} />
        <div className="skeleton" style={{ width: '56%' }} />
      </section>
    </div>
  );
}
