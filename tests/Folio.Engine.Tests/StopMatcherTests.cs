namespace Folio.Engine.Tests;

public sealed class StopMatcherTests
{
    [Theory]
    [InlineData("the end. And more", "end", "the ", "end")]
    [InlineData("ab abc abcd", "abcd", "ab abc ", "abcd")]
    [InlineData("aaab", "aab", "a", "aab")]
    [InlineData("no stop here", "stopped", "no stop here", null)]
    [InlineData("abc", "abc|b", "a", "b")]
    [InlineData("xabc", "bc|abc", "x", "abc")]
    [InlineData("begins but does not close: en", "end", "begins but does not close: en", null)]
    [InlineData("🙂🙃", "🙃", "🙂", "🙃")]
    public void The_same_stop_is_found_however_the_text_is_cut(string text, string stops, string expected, string? found)
    {
        string[] all = stops.Split('|');
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second++)
            {
                Assert.Equal((expected, found), Read(new(all, includeInOutput: false), text[..first], text[first..second], text[second..]));
                Assert.Equal((expected + found, found), Read(new(all, includeInOutput: true), text[..first], text[first..second], text[second..]));
            }
        }

        Assert.Equal((expected, found), Read(new(all, includeInOutput: false), [.. text.Select(letter => letter.ToString())]));
    }

    [Fact]
    public void A_stop_string_may_begin_where_none_may_end_yet()
    {
        var matcher = new StopMatcher(["ab", "abcd"], includeInOutput: false);
        Assert.Equal("x", matcher.Pass("xab")); // "ab" is complete too early; "abcd" may come
        Assert.Equal("", matcher.Append("c", out string? stop));
        Assert.Null(stop);
        Assert.Equal("", matcher.Append("d", out stop));
        Assert.Equal("abcd", stop);
    }

    [Fact]
    public void Text_that_may_begin_a_stop_string_waits_until_it_is_certain()
    {
        var matcher = new StopMatcher(["</s>"], includeInOutput: false);
        Assert.Equal("a ", matcher.Append("a <", out _));
        Assert.Equal("", matcher.Append("/", out _));
        Assert.Equal("</b", matcher.Append("b", out _));
        Assert.Equal("", matcher.Append("<", out _));
        Assert.Equal("<", matcher.Flush());
    }

    [Fact]
    public void Without_stop_strings_text_goes_straight_through() => Assert.Equal("text", new StopMatcher([], includeInOutput: false).Append("text", out _));

    private static (string Text, string? Stop) Read(StopMatcher matcher, params string[] pieces)
    {
        string text = "";
        foreach (string piece in pieces)
        {
            text += matcher.Append(piece, out string? stop);
            if (stop is not null) return (text, stop);
        }

        return (text + matcher.Flush(), null);
    }
}
