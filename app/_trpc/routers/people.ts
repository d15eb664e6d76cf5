import { acceptInvitation, acceptInvitationInput } from '#lib/services/people/accept-invitation';
import { createInvitation, createInvitationInput } from '#lib/services/people/create-invitation';
import { listMembers, listMembersInput } from '#lib/services/people/list-members';
import { listPeople, listPeopleInput } from '#lib/services/people/list-people';
import { updateMember, updateMemberInput } from '#lib/services/people/update-member';
import { procedure, publicProcedure, router } from '../init';

export const peopleRouter = router({
  acceptInvitation: publicProcedure
    .input(acceptInvitationInput)
    .mutation(({ ctx, input }) => acceptInvitation(ctx.deps, input.account ? null : ctx.actor, input)),
  createInvitation: procedure.input(createInvitationInput).mutation(({ ctx, input }) => createInvitation(ctx.deps, ctx.actor, input)),
  members: procedure.input(listMembersInput).query(({ ctx, input }) => listMembers(ctx.deps, ctx.actor, input)),
  people: procedure.input(listPeopleInput).query(({ ctx, input }) => listPeople(ctx.deps, ctx.actor, input)),
  updateMember: procedure.input(updateMemberInput).mutation(({ ctx, input }) => updateMember(ctx.deps, ctx.actor, input)),
});
