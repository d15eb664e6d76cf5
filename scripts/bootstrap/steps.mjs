/** What a person sees of a start: each step with its time, what failed, and what to do. Node's own modules only. */

const stillRunningMs = 10_000;

/** A failure that is already in words for a person. */
export class StepError extends Error {
  constructor(message, remedy) {
    super(message);
    this.name = 'StepError';
    this.remedy = remedy;
  }
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

export function createReporter(write = (line) => process.stdout.write(`${line}\n`)) {
  const say = (name, text) => write(`${name.padEnd(14)} ${text}`);
  return {
    write,
    say,
    /** @param {(note: (text: string) => void) => Promise<unknown>} work `note` says what is being done now */
    async step(name, work) {
      const since = performance.now();
      let doing = '';
      const note = (text) => {
        if (text !== doing) say(name, text);
        doing = text;
      };
      const timer = setInterval(() => say(name, `${doing || 'still working'} (${seconds(since)})`), stillRunningMs);
      try {
        const result = await work(note);
        say(name, `ok, ${seconds(since)}`);
        return result;
      } catch (error) {
        say(name, `failed after ${seconds(since)}`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
    /** One message and its remedy; never a stack. */
    failure(error) {
      const known = typeof error?.remedy === 'string' || error?.name === 'AppError' || error?.name === 'StepError';
      write(`\nPlumbline did not start. ${known ? error.message : `Something unexpected happened: ${error?.message ?? error}`}`);
      if (error?.remedy) write(`What to do: ${error.remedy}`);
    },
  };
}
