/* What an event was, in the words of the page; types of a shop's own as it wrote them. */

import { t } from "../base.js";

export function eventTypeName(eventType) {
  const names = {
    view: t("viewed"),
    click: t("clicked"),
    add_to_cart: t("put into the cart"),
    remove_from_cart: t("taken out of the cart"),
    purchase: t("bought"),
    return: t("sent back"),
    rating: t("rated"),
    review: t("reviewed"),
    comment: t("commented"),
    like: t("liked"),
    dislike: t("disliked"),
    hide: t("hidden by them"),
    search: t("searched"),
    impression: t("was shown"),
    identify: t("signed in"),
    play: t("played"),
    listen: t("listened to"),
    watch: t("watched"),
    read: t("read"),
    read_to_end: t("read to the end"),
    finish: t("seen to the end"),
    abandon: t("given up"),
    bounce: t("left at once"),
    skip: t("skipped"),
    share: t("shared"),
    bookmark: t("bookmarked"),
    wishlist: t("put on the wish list"),
    watchlist: t("put on the watch list"),
    add_to_playlist: t("put on a playlist"),
  };
  return names[eventType] || eventType.replaceAll("_", " ");
}
