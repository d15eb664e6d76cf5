import { Socket } from 'node:net';

/**
 * A socket that sends what is written within one turn of the event loop in one piece: statements that do not wait for each other's answers
 * then wake the server once. Waking it costs more than most of them do.
 */
export function burstSocket(): Socket {
  const socket = new Socket();
  const { write } = socket;
  let gathering = false;
  const release = () => {
    gathering = false;
    socket.uncork();
  };
  // Every overload passes its arguments on.
  socket.write = ((...args: Parameters<typeof write>) => {
    if (!gathering) {
      gathering = true;
      socket.cork();
      process.nextTick(release);
    }
    return write.apply(socket, args);
  }) as typeof write;
  return socket;
}
