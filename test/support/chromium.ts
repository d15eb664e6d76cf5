import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page, type Response } from 'playwright-core';
import { isForAnnotator, leaksIn } from './blind';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The system's Chromium. It reads along: closing it fails where any response that a person at work received, in whatever test, said what an
 * annotator must not know before submitting.
 */
export async function launchChromium(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  const record = new ResponseRecord();
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    record.follow(context);
    return context;
  };
  const close = browser.close.bind(browser);
  browser.close = async (options) => {
    await record.settle();
    await close(options);
    if (record.leaks.length > 0) throw new Error(`responses to annotators were not blind:\n${[...new Set(record.leaks)].join('\n')}`);
  };
  return browser;
}

class ResponseRecord {
  readonly leaks: string[] = [];
  readonly #pending = new Set<Promise<void>>();

  follow(context: BrowserContext): void {
    context.on('page', (page) => void this.#followStreams(context, page).catch(() => undefined));
    context.on('response', (response) => {
      const stream = response.headers()['content-type']?.startsWith('text/event-stream');
      if (stream || !isForAnnotator(response.url())) return;
      const reading = this.#read(response).finally(() => this.#pending.delete(reading));
      this.#pending.add(reading);
    });
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** A stream has no end to wait for: its messages are read as they come. */
  async #followStreams(context: BrowserContext, page: Page): Promise<void> {
    const session = await context.newCDPSession(page);
    const addresses = new Map<string, string>();
    session.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, request.url));
    session.on('Network.eventSourceMessageReceived', ({ requestId, data }) => {
      const address = addresses.get(requestId);
      if (address !== undefined && isForAnnotator(address)) this.leaks.push(...leaksIn(address, data));
    });
    await session.send('Network.enable');
  }

  async #read(response: Response): Promise<void> {
    // A page that went on before its response was whole has no body to read.
    const body = await response.text().catch(() => '');
    this.leaks.push(...leaksIn(response.url(), body));
  }
}

function findChromium(): string {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('Chromium is not installed: apt-get install chromium');
}
