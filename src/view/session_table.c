// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The session table: a hash table by key, and a list in the order of the first record. */
#include <stdlib.h>
#include <string.h>

#include "view/session_table.h"

/* Size of a session's key in words: each kind of key has a different one. */
enum key_words {
	WORDS_OF_SOCKET = 1,
	WORDS_OF_COOKIE = 2,
	WORDS_OF_ENDS = 6,
	WORDS_MAX = WORDS_OF_ENDS,
};

static enum key_words fill_minisock(uint64_t words[WORDS_MAX], const struct transition *t)
{
	words[0] = t->cookie;
	words[1] = 0;
	if (t->cookie)
		return WORDS_OF_COOKIE;
	words[0] = t->skaddr;
	words[1] = (uint64_t)t->lport << 16 | t->rport;
	memcpy(&words[2], t->laddr, sizeof(t->laddr));
	memcpy(&words[4], t->raddr, sizeof(t->raddr));
	return WORDS_OF_ENDS;
}

static enum key_words fill_key(uint64_t words[WORDS_MAX], const struct transition *t,
			       bool is_minisock)
{
	if (is_minisock)
		return fill_minisock(words, t);
	words[0] = t->skaddr;
	return WORDS_OF_SOCKET;
}

static bool has_same_ends(const struct transition *a, const struct transition *b)
{
	return a->lport == b->lport && a->rport == b->rport &&
	       !memcmp(a->raddr, b->raddr, sizeof(a->raddr)) &&
	       !memcmp(a->laddr, b->laddr, sizeof(a->laddr));
}

static bool is_socket(const struct hash_entry *entry, const void *skaddr)
{
	const struct session *session = (const struct session *)entry;

	return !session->is_minisock && session->last.skaddr == *(const uint64_t *)skaddr;
}

static bool is_minisock(const struct hash_entry *entry, const void *transition)
{
	const struct session *session = (const struct session *)entry;
	const struct transition *t = transition;

	if (!session->is_minisock)
		return false;
	if (t->cookie || session->last.cookie)
		return session->last.cookie == t->cookie;
	return session->last.skaddr == t->skaddr && has_same_ends(&session->last, t);
}

static struct session *find_socket(const struct sessions *sessions, const struct transition *t)
{
	uint64_t skaddr = t->skaddr;

	return (struct session *)hash_find(&sessions->by_key, &skaddr, WORDS_OF_SOCKET, is_socket,
					   &skaddr);
}

struct session *session_table_find_minisock(const struct sessions *sessions,
					    const struct transition *t)
{
	uint64_t words[WORDS_MAX];
	enum key_words count = fill_minisock(words, t);

	return (struct session *)hash_find(&sessions->by_key, words, count, is_minisock, t);
}

struct session *session_table_find(const struct sessions *sessions, const struct transition *t)
{
	struct session *session;

	if (!(t->flags & TRANSITION_OF_MINISOCK))
		return find_socket(sessions, t);
	session = session_table_find_minisock(sessions, t);
	if (session || !t->cookie)
		return session;
	session = find_socket(sessions, t);
	return session && session->last.cookie == t->cookie ? session : NULL;
}

/* Appends it as the newest session. */
static void append(struct sessions *sessions, struct session *session)
{
	session->older = sessions->newest;
	if (sessions->newest)
		sessions->newest->newer = session;
	else
		sessions->oldest = session;
	sessions->newest = session;
}

struct session *session_table_insert(struct sessions *sessions, const struct transition *t)
{
	size_t size = sizeof(struct session) +
		      (sessions->has_steps ? SESSION_STEPS_MAX * sizeof(struct session_step) : 0);
	uint64_t words[WORDS_MAX];
	struct session *session;
	enum key_words count;

	session = calloc(1, size + sessions->view_size);
	if (!session)
		return NULL;
	session->last = *t;
	session->view = sessions->view_size ? (char *)session + size : NULL;
	session->is_minisock = t->flags & TRANSITION_OF_MINISOCK;
	count = fill_key(words, t, session->is_minisock);
	sessions->by_key.count_max = sessions->count_max ? sessions->count_max : SESSIONS_MAX;
	if (!hash_add(&sessions->by_key, &session->by_key, words, count)) {
		free(session);
		return NULL;
	}
	append(sessions, session);
	return session;
}

void sessions_remove(struct sessions *sessions, struct session *session)
{
	hash_remove(&sessions->by_key, &session->by_key);
	if (session->older)
		session->older->newer = session->newer;
	else
		sessions->oldest = session->newer;
	if (session->newer)
		session->newer->older = session->older;
	else
		sessions->newest = session->older;
	free(session);
}

void sessions_close(struct sessions *sessions)
{
	while (sessions->oldest)
		sessions_remove(sessions, sessions->oldest);
	hash_close(&sessions->by_key);
}

void session_table_update(struct sessions *sessions, struct session *session,
			  const struct transition *t)
{
	bool is_minisock_now = t->flags & (TRANSITION_OF_MINISOCK | TRANSITION_TO_MINISOCK);
	bool was_minisock = session->is_minisock;
	uint64_t words[WORDS_MAX];
	enum key_words count;

	session->last = *t;
	session->is_minisock = is_minisock_now;
	if (!was_minisock && !is_minisock_now)
		return;
	count = fill_key(words, t, is_minisock_now);
	hash_move(&sessions->by_key, &session->by_key, words, count);
}
