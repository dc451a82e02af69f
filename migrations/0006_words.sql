-- Which rows may have a word, without case: of the texts with all but letters, their marks and digits as one blank, as
-- searches look at them. It takes the place of two indexes that no question used.
ALTER TABLE {database}.events {on_cluster}
    DROP INDEX IF EXISTS by_input,
    DROP INDEX IF EXISTS by_output,
    ADD INDEX IF NOT EXISTS by_words
        replaceRegexpAll(lowerUTF8(concat(input, ' ', output, ' ', error)), '[^\\p{L}\\p{M}\\p{N}]+', ' ')
        TYPE text(tokenizer = 'splitByNonAlpha');
ALTER TABLE {database}.events {on_cluster} MATERIALIZE INDEX IF EXISTS by_words;
