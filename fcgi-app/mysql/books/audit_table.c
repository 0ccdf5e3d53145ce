#include "mysql/books/audit_table.h"

#include "mysql/sale/presale_table.h"
#include "mysql/sale/seat_columns.h"

/* Whether the stored answer `i` is one to an operator, whom no call is about. */
#define IS_OPERATORS "(i.user_id = '' OR i.user_id LIKE '/%')"

/* What the seats cost that a reservation `r` gave back. */
#define RETURNED_PRICE                                                                             \
    "(SELECT COALESCE(SUM(t.price), 0) FROM returned_seat t"                                       \
    " WHERE t.reservation_id = r.reservation_id)"

/* Who paid a reservation `r`. */
#define PAYER "COALESCE(r.payer, r.user_id)"

/* Whether a reservation `r` has its seats: paid, or held and not over. */
#define IS_LIVE "(r.status = 'paid' OR (r.status = 'held' AND r.expires_at > UTC_TIMESTAMP(3)))"

/* An accepted transfer of a reservation `r` or `o`; what else of it comes behind. */
#define TRANSFER_OF(alias)                                                                         \
    "EXISTS (SELECT 1 FROM transfer x FORCE INDEX (transfer_of_reservation)"                       \
    " WHERE x.reservation_id = " alias ".reservation_id AND x.status = 'accepted'"
#define TRANSFER_OF_R TRANSFER_OF("r")
#define TRANSFER_OF_O TRANSFER_OF("o")

/* Since when the rules hold that were surely there when `payment p` of `reservation r` was made. */
#define RULES_BEFORE                                                                               \
    "(SELECT MAX(o.since) FROM refund_rule o WHERE o.concert_id = r.concert_id"                    \
    " AND o.since <= p.paid_at - INTERVAL 1 MINUTE)"

/*
 * A million reservations are read in some seconds: joins go by an index that is there anyway, and
 * groups follow the order of one, so that no temporary table on the disk is needed. No rule relies
 * on the schema's keys and checks: a table may have been restored without them.
 */
const struct audit_check audit_checks[] = {
    {"sold_seat_paid",
     "a sold seat has a paid reservation that lists it",
     {"SELECT COUNT(*) FROM seat s"
      " LEFT JOIN reservation r ON r.reservation_id = s.reservation_id"
      "  AND r.item_id = s.item_id AND r.status = 'paid'"
      " LEFT JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      "  AND l.seat_no = s.seat_no"
      " WHERE s.status = 'sold' AND l.seat_no IS NULL"},
     false},

    /* With the rule before this one it follows that no two paid reservations list one seat. */
    {"paid_owns_seats",
     "a paid reservation owns all its seats",
     {"SELECT COUNT(*) FROM reservation r"
      " JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      " LEFT JOIN seat s ON s.item_id = r.item_id AND s.seat_no = l.seat_no"
      "  AND s.status = 'sold' AND s.reservation_id = r.reservation_id"
      " WHERE r.status = 'paid' AND s.seat_no IS NULL"},
     false},

    {"live_hold_owns_seats",
     "a hold that is not over owns all its seats",
     {"SELECT COUNT(*) FROM reservation r"
      " JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      " LEFT JOIN seat s ON s.item_id = r.item_id AND s.seat_no = l.seat_no"
      "  AND s.status = 'held' AND s.reservation_id = r.reservation_id"
      " WHERE r.status = 'held' AND r.expires_at > UTC_TIMESTAMP(3) AND s.seat_no IS NULL"},
     false},

    {"held_seat_held",
     "no seat is held beyond its reservation",
     {"SELECT COUNT(*) FROM seat s"
      " LEFT JOIN reservation r ON r.reservation_id = s.reservation_id"
      "  AND r.item_id = s.item_id AND r.status = 'held' AND r.expires_at = s.held_until"
      " LEFT JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      "  AND l.seat_no = s.seat_no"
      " LEFT JOIN waitlist_return w ON w.item_id = s.item_id AND w.seat_no = s.seat_no"
      "  AND s.reservation_id = 0"
      " WHERE s.status = 'held' AND l.seat_no IS NULL AND w.seat_no IS NULL"},
     false},

    {"reservation_adds_up",
     "a reservation's count and price are those of its seats",
     {"SELECT COUNT(*) FROM (SELECT r.reservation_id FROM reservation r"
      " LEFT JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      " GROUP BY r.reservation_id"
      " HAVING COUNT(l.seat_no) <> MAX(r.seat_count) OR SUM(l.price) <> MAX(r.total_price)) b"},
     false},

    {"seat_limit_kept",
     "no user had more seats than the limit when a reservation was made",
     {"SELECT COUNT(*) FROM (SELECT r.reservation_id FROM reservation r"
      " JOIN reservation o ON o.user_id = r.user_id AND o.concert_id = r.concert_id"
      "  AND (o.reservation_id = r.reservation_id OR (o.reservation_id < r.reservation_id"
      "   AND (o.status = 'paid'"
      "    OR (o.status IN ('held', 'expired') AND o.expires_at > r.created_at))))"
      " WHERE r.seat_limit IS NOT NULL AND NOT " TRANSFER_OF_R ")"
      "  AND NOT " TRANSFER_OF_O " AND x.settled_at > r.created_at)"
      " GROUP BY r.reservation_id HAVING SUM(o.seat_count) > MAX(r.seat_limit)) b"},
     false},

    {"paid_has_payment",
     "a paid reservation has one payment of its price, with that of returned seats",
     {"SELECT (SELECT COUNT(*) FROM reservation r"
      "  LEFT JOIN payment p ON p.reservation_id = r.reservation_id AND p.status = 'paid'"
      "   AND p.amount = r.total_price + " RETURNED_PRICE " AND p.user_id = " PAYER
      "  LEFT JOIN box_office_sale b ON b.reservation_id = r.reservation_id"
      "  WHERE r.status = 'paid' AND p.payment_id IS NULL AND b.reservation_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id) FROM payment)"},
     false},

    {"payment_has_reservation",
     "a payment's reservation is paid, a refunded one's is cancelled",
     {"SELECT COUNT(*) FROM payment p"
      " LEFT JOIN reservation r ON r.reservation_id = p.reservation_id"
      "  AND p.user_id = " PAYER " AND r.total_price + " RETURNED_PRICE " = p.amount"
      "  AND r.status = IF(p.status = 'paid', 'paid', 'cancelled')"
      " WHERE r.reservation_id IS NULL"},
     false},

    {"payment_has_debit",
     "a payment has one debit of its amount, and a debit a payment",
     {"SELECT (SELECT COUNT(*) FROM payment p"
      "  LEFT JOIN point_history h ON h.reservation_id = p.reservation_id AND h.kind = 'payment'"
      "   AND h.user_id = p.user_id AND h.amount = -p.amount"
      "  WHERE h.history_id IS NULL)"
      " + (SELECT COUNT(*) FROM point_history h"
      "  LEFT JOIN payment p ON p.reservation_id = h.reservation_id"
      "  WHERE h.kind = 'payment' AND p.payment_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id) FROM point_history"
      "  WHERE kind = 'payment')"},
     false},

    {"refund_has_credit",
     "a refunded payment has one refund that ended it, and a refund a payment",
     {"SELECT (SELECT COUNT(*) FROM payment p"
      "  LEFT JOIN point_history h ON h.reservation_id = p.reservation_id AND h.kind = 'refund'"
      "   AND h.refund_no = 0 AND h.user_id = p.user_id"
      "  WHERE p.status = 'refunded' AND h.history_id IS NULL)"
      " + (SELECT COUNT(*) FROM point_history h"
      "  LEFT JOIN payment p ON p.reservation_id = h.reservation_id AND p.user_id = h.user_id"
      "   AND (p.status = 'refunded' OR h.refund_no > 0)"
      "  WHERE h.kind = 'refund' AND p.payment_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id, refund_no) FROM point_history"
      "  WHERE kind = 'refund')"},
     false},

    {"payment_adds_up",
     "what is kept, what was refunded and the fees are what was paid; only refunds have a fee",
     {"SELECT (SELECT COUNT(*) FROM payment p"
      "  LEFT JOIN reservation r ON r.reservation_id = p.reservation_id AND r.status = 'paid'"
      "  WHERE p.amount <> COALESCE(r.total_price, 0)"
      "   + (SELECT COALESCE(SUM(h.amount + h.fee), 0) FROM point_history h"
      "    WHERE h.reservation_id = p.reservation_id AND h.kind = 'refund'))"
      " + (SELECT COUNT(*) FROM point_history"
      "  WHERE fee < 0 OR (fee > 0 AND kind <> 'refund'))"},
     false},

    {"box_office_adds_up",
     "an order not paid with points is its price and moves none; a guest pays nothing",
     {"SELECT (SELECT COUNT(*) FROM box_office_sale b"
      "  LEFT JOIN reservation r ON r.reservation_id = b.reservation_id"
      "   AND r.concert_id = b.concert_id AND r.status IN ('paid', 'cancelled')"
      "  WHERE r.reservation_id IS NULL OR (b.method = 'guest' AND b.amount <> 0)"
      "   OR b.amount <> r.total_price + " RETURNED_PRICE
      "   OR b.amount <> IF(r.status = 'paid', r.total_price, 0)"
      "    + (SELECT COALESCE(SUM(f.amount + f.fee), 0) FROM box_office_refund f"
      "     WHERE f.reservation_id = b.reservation_id)"
      "   OR EXISTS (SELECT 1 FROM payment p WHERE p.reservation_id = b.reservation_id)"
      "   OR EXISTS (SELECT 1 FROM point_history h WHERE h.reservation_id = b.reservation_id))"
      " + (SELECT COUNT(*) FROM box_office_refund f"
      "  LEFT JOIN box_office_sale b ON b.reservation_id = f.reservation_id"
      "  LEFT JOIN reservation r ON r.reservation_id = b.reservation_id"
      "   AND (r.status = 'cancelled' OR f.refund_no > 0)"
      "  WHERE r.reservation_id IS NULL OR f.amount < 0 OR f.fee < 0)"
      " + (SELECT COUNT(*) FROM reservation r"
      "  JOIN box_office_sale b ON b.reservation_id = r.reservation_id"
      "  LEFT JOIN box_office_refund f ON f.reservation_id = r.reservation_id AND f.refund_no = 0"
      "  WHERE r.status = 'cancelled' AND f.reservation_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id) FROM box_office_sale)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id, refund_no) FROM box_office_refund)"},
     false},

    {"returned_seats_add_up",
     "seats that went back have a refund of their price, and are not the order's any more",
     {"SELECT (SELECT COUNT(*) FROM (SELECT reservation_id, refund_no, SUM(price) AS price"
      "   FROM returned_seat GROUP BY reservation_id, refund_no) t"
      "  LEFT JOIN point_history h ON h.reservation_id = t.reservation_id AND h.kind = 'refund'"
      "   AND h.refund_no = t.refund_no AND h.amount + h.fee = t.price"
      "  LEFT JOIN box_office_refund f ON f.reservation_id = t.reservation_id"
      "   AND f.refund_no = t.refund_no AND f.amount + f.fee = t.price"
      "  WHERE h.history_id IS NULL AND f.reservation_id IS NULL)"
      " + (SELECT COUNT(*) FROM box_office_refund f"
      "  LEFT JOIN returned_seat t ON t.reservation_id = f.reservation_id"
      "   AND t.refund_no = f.refund_no"
      "  WHERE f.refund_no > 0 AND t.seat_no IS NULL)"
      " + (SELECT COUNT(*) FROM point_history h"
      "  LEFT JOIN returned_seat t ON t.reservation_id = h.reservation_id"
      "   AND t.refund_no = h.refund_no"
      "  WHERE h.kind = 'refund' AND h.refund_no > 0 AND t.seat_no IS NULL)"
      " + (SELECT COUNT(*) FROM returned_seat t"
      "  JOIN reservation_seat l ON l.reservation_id = t.reservation_id AND l.seat_no = t.seat_no)"
      " + (SELECT COUNT(*) FROM reservation r WHERE r.refund_count <>"
      "  (SELECT COUNT(DISTINCT t.refund_no) FROM returned_seat t"
      "   WHERE t.reservation_id = r.reservation_id))"},
     false},

    {"seat_has_one_ticket",
     "a ticket is for a seat of its order; a seat that it has or had has one at most",
     {"SELECT (SELECT COUNT(*) FROM ticket t"
      "  LEFT JOIN reservation r ON r.reservation_id = t.reservation_id AND r.item_id = t.item_id"
      "   AND r.status IN ('paid', 'cancelled')"
      "  LEFT JOIN reservation_seat l ON l.reservation_id = r.reservation_id"
      "   AND l.seat_no = t.seat_no"
      "  LEFT JOIN returned_seat b ON b.reservation_id = r.reservation_id"
      "   AND b.seat_no = t.seat_no"
      "  WHERE l.seat_no IS NULL AND b.seat_no IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id, seat_no) FROM ticket)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reference) FROM ticket)"},
     false},

    {"void_ticket_is_void",
     "a ticket that a swap or a transfer made void is none any more",
     {"SELECT COUNT(*) FROM void_ticket v JOIN ticket t ON t.reference = v.reference"},
     false},

    /* By the order of the accepts, which is that of their ids where they are of one order. */
    {"transferee_owns",
     "who accepted an order last owns it, and who paid is named unless it is the owner",
     {"SELECT (SELECT COUNT(*) FROM transfer t"
      "  LEFT JOIN reservation r ON r.reservation_id = t.reservation_id"
      "  WHERE t.status = 'accepted' AND NOT EXISTS (SELECT 1 FROM transfer l"
      "    WHERE l.reservation_id = t.reservation_id AND l.status = 'accepted'"
      "    AND l.transfer_id > t.transfer_id)"
      "   AND (r.reservation_id IS NULL OR r.user_id <> t.to_user"
      "    OR NOT r.payer <=> NULLIF((SELECT f.from_user FROM transfer f"
      "     WHERE f.reservation_id = t.reservation_id AND f.status = 'accepted'"
      "     ORDER BY f.transfer_id LIMIT 1), r.user_id)))"
      " + (SELECT COUNT(*) FROM reservation r WHERE r.payer IS NOT NULL"
      "  AND (r.payer = r.user_id OR NOT " TRANSFER_OF_R ")))"
      " + (SELECT COUNT(*) FROM transfer WHERE (status = 'offered') <> (settled_at IS NULL)"
      "  OR (status = 'accepted' AND settled_at >= expires_at))"},
     false},

    /* What an operator refunds afterwards was valid when it was used. */
    {"void_ticket_not_used",
     "nobody was let in with a ticket whose seat had been refunded",
     {"SELECT COUNT(*) FROM ticket t"
      " LEFT JOIN returned_seat b ON b.reservation_id = t.reservation_id AND b.seat_no = t.seat_no"
      " LEFT JOIN point_history h ON h.reservation_id = t.reservation_id AND h.kind = 'refund'"
      "  AND h.refund_no = COALESCE(b.refund_no, 0)"
      " LEFT JOIN box_office_refund f ON f.reservation_id = t.reservation_id"
      "  AND f.refund_no = COALESCE(b.refund_no, 0)"
      " WHERE t.checked_in_at > COALESCE(h.created_at, f.created_at)"},
     false},

    /*
     * By those that changed in the last minute as well, as a change holds a little before its
     * COMMIT. The days until the start are not counted: an operator may have moved it since.
     */
    {"refund_by_rules",
     "a refund that its buyer asked for has a percentage of the rules at the payment",
     {"SELECT COUNT(*) FROM payment p"
      " JOIN reservation r ON r.reservation_id = p.reservation_id"
      " JOIN point_history h ON h.reservation_id = p.reservation_id AND h.kind = 'refund'"
      " WHERE (h.fee > 0 OR " RULES_BEFORE " IS NOT NULL)"
      "  AND IF(h.refund_no = 0, p.refund_asked_at IS NOT NULL, EXISTS (SELECT 1"
      "   FROM returned_seat t WHERE t.reservation_id = h.reservation_id"
      "   AND t.refund_no = h.refund_no AND t.asked_at IS NOT NULL))"
      "  AND NOT EXISTS (SELECT 1 FROM refund_rule u WHERE u.concert_id = r.concert_id"
      "   AND u.since BETWEEN COALESCE(" RULES_BEFORE ", u.since) AND p.paid_at"
      "   AND u.percent > 0 AND h.amount = (h.amount + h.fee) * u.percent DIV 100)"},
     false},

    {"balance_is_ledger",
     "a balance is the sum of its ledger",
     {"SELECT (SELECT COUNT(*) FROM (SELECT p.user_id FROM point p"
      "   LEFT JOIN point_history h ON h.user_id = p.user_id"
      "   GROUP BY p.user_id HAVING MAX(p.balance) <> COALESCE(SUM(h.amount), 0)) b)"
      " + (SELECT COUNT(*) FROM point_history h"
      "  LEFT JOIN point p ON p.user_id = h.user_id WHERE p.user_id IS NULL)"},
     false},

    {"balance_not_negative",
     "no balance is or was below 0",
     {"SELECT (SELECT COUNT(*) FROM point WHERE balance < 0)"
      " + (SELECT COUNT(*) FROM point_history WHERE balance_after < 0)"},
     false},

    {"ledger_follows",
     "each balanceAfter follows from the one before",
     {"SELECT COUNT(*) FROM (SELECT balance_after, amount,"
      "  LAG(balance_after) OVER (PARTITION BY user_id ORDER BY history_id) AS before_it"
      "  FROM point_history) a"
      " WHERE balance_after <> COALESCE(before_it, 0) + amount"},
     false},

    {"answer_has_effect",
     "a stored answer names an effect that exists",
     {"SELECT COUNT(*) FROM idempotency i"
      " LEFT JOIN reservation r ON r.reservation_id = i.effect_id"
      "  AND (r.user_id = i.user_id OR " TRANSFER_OF_R " AND x.from_user = i.user_id)"
      "   OR (i.effect = 'cancel' AND " IS_OPERATORS ")"
      "   OR (i.effect = 'reserve' AND " IS_OPERATORS " AND EXISTS (SELECT 1 FROM box_office_sale b"
      "    WHERE b.reservation_id = r.reservation_id)))"
      "  AND (i.effect IN ('reserve', 'return', 'swap') OR (i.effect = 'cancel'"
      "   AND (r.status = 'cancelled' OR (r.refund_count > 0 AND " IS_OPERATORS "))))"
      " LEFT JOIN point_history h ON h.history_id = i.effect_id"
      "  AND i.effect IN ('charge', 'use') AND i.effect = h.kind"
      "  AND (h.user_id = i.user_id OR " IS_OPERATORS ")"
      " LEFT JOIN payment p ON p.payment_id = i.effect_id AND p.user_id = i.user_id"
      "  AND i.effect = 'pay'"
      " LEFT JOIN concert c ON c.concert_id = i.effect_id AND i.effect = 'create'"
      " LEFT JOIN ticket t ON t.ticket_id = i.effect_id AND i.effect = 'checkin'"
      " LEFT JOIN transfer y ON y.transfer_id = i.effect_id AND i.effect = 'transfer'"
      "  AND i.user_id IN (y.from_user, y.to_user)"
      " WHERE i.body IS NULL"
      "  OR (i.effect NOT IN ('hall', 'wait')" /* which may be removed since */
      "   AND COALESCE(r.reservation_id, h.history_id, p.payment_id, c.concert_id,"
      "    t.ticket_id, y.transfer_id) IS NULL"
      /* what was undone may have become void since */
      "   AND NOT (i.effect = 'checkin'"
      "    AND i.effect_id IN (SELECT v.ticket_id FROM void_ticket v)))"},
     false},

    {"queue_number_unique",
     "no number of a concert's queue was given twice",
     {"SELECT COUNT(*) FROM (SELECT concert_id FROM queue_token GROUP BY concert_id, number"
      " HAVING COUNT(*) > 1) b"},
     false},

    /* There are no foreign keys up to concert and item: every sale would touch their rows. */
    {"item_has_seats",
     "an item has a concert and as many seats as it says",
     {"SELECT COUNT(*) FROM (SELECT item_id FROM ("
      "  SELECT i.item_id, i.seat_count AS seats, c.concert_id IS NOT NULL AS known FROM item i"
      "  LEFT JOIN concert c ON c.concert_id = i.concert_id"
      "  UNION ALL SELECT item_id, -COUNT(*), 0 FROM seat GROUP BY item_id) a"
      " GROUP BY item_id HAVING SUM(seats) <> 0 OR SUM(known) <> 1) b"},
     false},

    /* So an area never sells more than it had: its places are rows, and none is made later. */
    {"standing_is_an_area",
     "a standing place is a part of an area of one price, and no seat; an item says how many it "
     "has",
     {"SELECT (SELECT COUNT(*) FROM seat s WHERE (s.kind = 'standing') <> (CHAR_LENGTH(s.row_name) = 0)"
      "  OR (s.kind = 'standing' AND COALESCE(s.x, s.y, s.partner_no, s.note) IS NOT NULL))"
      " + (SELECT COUNT(*) FROM (SELECT s.item_id FROM item i"
      "  STRAIGHT_JOIN seat s FORCE INDEX (PRIMARY) ON s.item_id = i.item_id"
      "  WHERE i.standing_count > 0 GROUP BY s.item_id, s.section HAVING " SEATS_ARE_MIXED ") m)"
      " + (SELECT COUNT(*) FROM (SELECT item_id FROM ("
      "  SELECT item_id, standing_count AS places FROM item"
      "  UNION ALL SELECT item_id, -COUNT(*) FROM seat WHERE kind = 'standing' GROUP BY item_id) a"
      "  GROUP BY item_id HAVING SUM(places) <> 0) b)"},
     false},

    {"reservation_has_item",
     "a reservation's item is one of its concert",
     {"SELECT COUNT(*) FROM reservation r"
      " LEFT JOIN item i ON i.item_id = r.item_id AND i.concert_id = r.concert_id"
      " WHERE i.item_id IS NULL"},
     false},

    {"token_has_concert",
     "a token's concert exists",
     {"SELECT COUNT(*) FROM (SELECT concert_id FROM queue_token GROUP BY concert_id"
      "  UNION SELECT concert_id FROM open_token GROUP BY concert_id) t"
      " LEFT JOIN concert c ON c.concert_id = t.concert_id WHERE c.concert_id IS NULL"},
     false},

    {"draw_kept",
     "a concert with a draw has one, and nobody bought or left active before it opened",
     {"SELECT (SELECT COUNT(*) FROM concert c"
      "  LEFT JOIN concert_draw d ON d.concert_id = c.concert_id"
      "  WHERE c.draw = 1 AND d.concert_id IS NULL)"
      " + (SELECT COUNT(*) FROM concert c JOIN queue_token t ON t.concert_id = c.concert_id"
      "  AND t.status IN ('active', 'done')"
      "  WHERE c.draw = 1 AND c.opens_at > UTC_TIMESTAMP(3))"},
     false},

    /*
     * Whom a later offer fits, it fits equally where the wish asks for no more; places of a
     * standing area fit no wish without a section. Who was passed because of a limit does not
     * count: the passing was no longer ago than a pass may take.
     */
    {"waitlist_in_order",
     "who waited longer for what fits equally had an offer first",
     {"SELECT COUNT(*) FROM waitlist_entry o"
      " WHERE o.status = 'offered' AND EXISTS (SELECT 1 FROM waitlist_entry e"
      "  WHERE e.item_id = o.item_id AND e.entry_id < o.entry_id"
      "  AND (e.settled_at IS NULL OR e.settled_at > o.settled_at)"
      "  AND e.seat_count <= o.seat_count AND (e.section <=> o.section OR (e.section IS NULL"
      "   AND NOT EXISTS (SELECT 1 FROM seat s WHERE s.item_id = o.item_id"
      "    AND s.section = o.section AND s.kind = 'standing')))"
      "  AND (e.max_price IS NULL OR e.max_price >= o.max_price)"
      "  AND (e.passed_at IS NULL OR e.passed_at < o.settled_at - INTERVAL 10 MINUTE))"},
     false},

    {"offer_is_its_users",
     "an offer is a hold of the date that was made for the user who waited, then and no later",
     {"SELECT COUNT(*) FROM waitlist_entry e"
      " LEFT JOIN reservation r ON r.reservation_id = e.reservation_id AND r.item_id = e.item_id"
      "  AND r.concert_id = e.concert_id AND r.created_at = e.settled_at AND r.token IS NOT NULL"
      "  AND (r.user_id = e.user_id OR " TRANSFER_OF_R " AND x.from_user = e.user_id))"
      " WHERE (e.status = 'offered') <> (r.reservation_id IS NOT NULL)"
      "  OR (e.reservation_id IS NOT NULL AND e.status <> 'offered')"
      "  OR (e.status = 'waiting') <> (e.settled_at IS NULL)"},
     false},

    {"waiting_is_counted",
     "a date has as many waiting entries as it says",
     {"SELECT (SELECT COUNT(*) FROM item i WHERE i.waiting <> (SELECT COUNT(*)"
      "  FROM waitlist_entry e FORCE INDEX (waitlist_entry_in_order)"
      "  WHERE e.status = 'waiting' AND e.item_id = i.item_id))"
      " + (SELECT COUNT(*) FROM waitlist_entry e"
      "  LEFT JOIN item i ON i.item_id = e.item_id AND i.concert_id = e.concert_id"
      "  WHERE i.item_id IS NULL)"},
     false},

    {"kept_returns",
     "seats that came back and are not offered yet",
     {"SELECT COUNT(*) FROM waitlist_return"},
     true},

    {"presale_quota_kept",
     "a presale has a slot for each seat of its quota, and one for each that is held or paid",
     {"SELECT (SELECT COUNT(*) FROM (SELECT presale_id FROM ("
      "   SELECT presale_id, quota AS slots FROM presale"
      "   UNION ALL SELECT presale_id, -COUNT(*) FROM presale_slot GROUP BY presale_id) a"
      "  GROUP BY presale_id HAVING SUM(slots) <> 0) b)"
      " + (SELECT COUNT(*) FROM reservation r WHERE r.presale_id IS NOT NULL AND " IS_LIVE
      "  AND r.seat_count <> (SELECT COUNT(*) FROM presale_slot s"
      "   WHERE s.reservation_id = r.reservation_id AND s.presale_id = r.presale_id"
      "   AND s.free_at = IF(r.status = 'paid', " PRESALE_SLOT_PAID ", r.expires_at)))"
      " + (SELECT COUNT(*) FROM presale_slot s LEFT JOIN reservation r"
      "  ON r.reservation_id = s.reservation_id AND r.presale_id = s.presale_id AND " IS_LIVE
      "  WHERE s.free_at > UTC_TIMESTAMP(3) AND r.reservation_id IS NULL)"},
     false},

    {"presale_code_of_one",
     "a single code of a presale is one user's, and used up by a paid order",
     {"SELECT COUNT(*) FROM reservation r LEFT JOIN presale_code c"
      " ON c.code_id = r.presale_code_id AND c.presale_id = r.presale_id AND c.user_id = " PAYER
      " AND (r.status <> 'paid' OR c.used_at IS NOT NULL)"
      " WHERE r.presale_code_id IS NOT NULL AND c.code_id IS NULL"},
     false},

    {"imported_order_is_sold",
     "an order of another shop is one that the box office sold, of its concert, and of no other",
     {"SELECT (SELECT COUNT(*) FROM imported_order m"
      "  LEFT JOIN box_office_sale b ON b.reservation_id = m.reservation_id"
      "   AND b.concert_id = m.concert_id"
      "  WHERE b.reservation_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT reservation_id) FROM imported_order)"},
     false},

    {"imported_balance_is_added",
     "a balance of another shop is what its user's points were adjusted by, and stands once",
     {"SELECT (SELECT COUNT(*) FROM imported_balance m"
      "  LEFT JOIN point_history h ON h.history_id = m.history_id AND h.user_id = m.user_id"
      "   AND h.kind = 'charge' AND h.reason IS NOT NULL"
      "  WHERE h.history_id IS NULL)"
      " + (SELECT COUNT(*) - COUNT(DISTINCT history_id) FROM imported_balance)"},
     false},

    {"lapsed_holds",
     "holds that are over and not swept yet",
     {"SELECT COUNT(*) FROM reservation WHERE status = 'held' AND expires_at <= UTC_TIMESTAMP(3)"},
     true},
};

const size_t audit_check_count = sizeof audit_checks / sizeof audit_checks[0];

enum db_result
audit_table_count(struct database *db, const struct audit_check *check, int64_t *count)
{
    return db_select_one(db, &check->count, NO_PARAMETERS, COLUMNS(INTO_INT64(count)));
}
