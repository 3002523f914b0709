-- What goods of shops are recognised by, when the centre learns of them later.
alter table pos_goods_card
    add column barcodes text[] not null default '{}',
    add column article text;
create index pos_goods_card_barcodes on pos_goods_card using gin (barcodes) where shop_id > 0;
create index pos_goods_card_article on pos_goods_card (upper(article)) where shop_id > 0 and article is not null;
