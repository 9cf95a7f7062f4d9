"""Gradio's queue, shared fairly: a visitor has a few places, and a few sessions."""

from collections import OrderedDict
from typing import Any

import gradio as gr
from gradio.queueing import Queue

from web.arguments import RELOAD, check_request
from web.limits import MOST_SESSIONS, MOST_UNREAD, MOST_VISITORS, MOST_WAITING
from web.messages import SORRY
from web.visitors import visitor_of


class PageBlocks(gr.Blocks):
    """Gradio's blocks with a queue of ours; a value that no part of the page sends is refused."""

    def queue(self, max_size: int | None = None, default_concurrency_limit: int = 1, **options):
        """As Gradio's."""
        super().queue(**options)
        self._queue = VisitorQueue(
            live_updates=True,
            concurrency_count=self.max_threads,
            update_intervals=1,
            max_size=max_size,
            blocks=self,
            default_concurrency_limit=default_concurrency_limit,
        )
        return self

    async def preprocess_data(self, *arguments, **options) -> list[Any]:
        """What an action is called with. Raises Gradio's error, which is not for the log."""
        try:
            return await super().preprocess_data(*arguments, **options)
        except Exception:  # Gradio raises many kinds for what a part does not take
            raise gr.Error(RELOAD, title=SORRY, print_exception=False) from None


class VisitorQueue(Queue):
    """The queue of the page."""

    def __init__(self, **options):
        super().__init__(**options)
        self._sessions: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()  # of visitors

    async def push(self, body: Any, request: Any, username: str | None) -> tuple[bool, str, str]:
        """Whether the request is in the queue, its number or why not, and a word for the status.

        Requests that run or are read at once, such as Stop, need no place.
        """
        try:
            check_request(self.blocks.fns, body)
        except ValueError as error:
            return False, str(error), "error"
        visitor = visitor_of(request.client)
        needs_place = self.blocks.fns[body.fn_index].concurrency_limit is not None
        if needs_place and self._waiting(visitor) >= MOST_WAITING:
            return False, f"{MOST_WAITING} of your requests are waiting; try again", "error"
        await self._use(visitor, body.session_hash)
        if len(self.pending_event_ids_session.get(body.session_hash, ())) >= MOST_UNREAD:
            return False, "the answers have not been read; reload the page", "error"
        return await super().push(body, request, username)

    def _waiting(self, visitor: str) -> int:
        """How many places a visitor has."""
        queues = self.event_queue_per_concurrency_id.values()
        return sum(visitor_of(e.request.client) == visitor for one in queues for e in one.queue)

    async def _use(self, visitor: str, session: str) -> None:
        """Keeps the session of a visitor, and forgets all of the oldest beyond the limit."""
        sessions = self._sessions.setdefault(visitor, OrderedDict())
        self._sessions.move_to_end(visitor)
        sessions[session] = None
        sessions.move_to_end(session)
        if len(sessions) > MOST_SESSIONS:
            await self._forget(sessions.popitem(last=False)[0])
        if len(self._sessions) > MOST_VISITORS:
            _, sessions = self._sessions.popitem(last=False)
            for one in sessions:
                await self._forget(one)

    async def _forget(self, session: str) -> None:
        """Removes all that Gradio keeps of a session."""
        await self.clean_events(session_hash=session)
        holder = self.server_app.state_holder
        for of_sessions in (
            self.pending_messages_per_session,
            self.pending_event_ids_session,
            holder.session_data,
            holder.time_last_used,
        ):
            of_sessions.pop(session, None)
