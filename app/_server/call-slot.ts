/** A tRPC request to its answer. */
export type AnswerCall = (request: Request) => Promise<Response>;

declare global {
  var plumblineAnswerCall: AnswerCall | undefined;
}

/**
 * Where the route of tRPC, which Next has bundled, leaves its handler for the server in front of Next. Each has its own copy of this
 * module, so what they share is on `globalThis`. It is empty until Next loads the route.
 */
export const callSlot = {
  put(answer: AnswerCall): void {
    globalThis.plumblineAnswerCall = answer;
  },
  take(): AnswerCall | undefined {
    return globalThis.plumblineAnswerCall;
  },
};
