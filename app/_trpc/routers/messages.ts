import { countUnread, countUnreadInput } from '#lib/services/messages/count-unread';
import { listReports, listReportsInput } from '#lib/services/messages/list-reports';
import { listThreads, listThreadsInput } from '#lib/services/messages/list-threads';
import { readThread, readThreadInput } from '#lib/services/messages/read-thread';
import { reportTask, reportTaskInput } from '#lib/services/messages/report-task';
import { resolveReport, resolveReportInput } from '#lib/services/messages/resolve-report';
import { satisfactionDue, satisfactionDueInput } from '#lib/services/messages/satisfaction-due';
import { saveSatisfaction, saveSatisfactionInput } from '#lib/services/messages/save-satisfaction';
import { sendMessage, sendMessageInput } from '#lib/services/messages/send-message';
import { procedure, router } from '../init';

export const messagesRouter = router({
  unread: procedure.input(countUnreadInput).query(({ ctx, input }) => countUnread(ctx.deps, ctx.actor, input)),
  threads: procedure.input(listThreadsInput).query(({ ctx, input }) => listThreads(ctx.deps, ctx.actor, input)),
  /** Marks what it returns as read. */
  read: procedure.input(readThreadInput).mutation(({ ctx, input }) => readThread(ctx.deps, ctx.actor, input)),
  send: procedure.input(sendMessageInput).mutation(({ ctx, input }) => sendMessage(ctx.deps, ctx.actor, input)),
  report: procedure.input(reportTaskInput).mutation(({ ctx, input }) => reportTask(ctx.deps, ctx.actor, input)),
  reports: procedure.input(listReportsInput).query(({ ctx, input }) => listReports(ctx.deps, ctx.actor, input)),
  resolveReport: procedure.input(resolveReportInput).mutation(({ ctx, input }) => resolveReport(ctx.deps, ctx.actor, input)),
  satisfactionDue: procedure.input(satisfactionDueInput).query(({ ctx, input }) => satisfactionDue(ctx.deps, ctx.actor, input)),
  saveSatisfaction: procedure.input(saveSatisfactionInput).mutation(({ ctx, input }) => saveSatisfaction(ctx.deps, ctx.actor, input)),
});
