using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

public class ParseErrorTests
{
    [Theory]
    [InlineData("a\nb {{ x", 2, "'}}'")]
    [InlineData("{% if x %}\n\n{{ y }}", 3, "'endif'")]
    [InlineData("\n\n{% for x in y %}{% endif %}", 3, "endif")]
    [InlineData("{% set x %}\n{{ 1 + }}", 2, "expected an expression, got '}}'")]
    [InlineData("{{ a b }}", 1, "expected '}}', got 'b'")]
    [InlineData("{{ f(1, }}", 1, "'}'")]
    [InlineData("\n{{ x | nofilter }}", 2, "no filter named 'nofilter'")]
    [InlineData("\n{{ x is notest }}", 2, "no test named 'notest'")]
    [InlineData("{% blok %}", 1, "no tag named 'blok'")]
    [InlineData("{% break %}", 1, "outside of a loop")]
    [InlineData("\n{# open", 2, "'#}'")]
    [InlineData("\n{% raw %}", 2, "endraw")]
    [InlineData("{{ 'abc }}", 1, "no end")]
    [InlineData("{{ '\\x1' }}", 1, "escape")]
    [InlineData("{{ x ? 1 }}", 1, "'?'")]
    [InlineData("{% set true = 1 %}", 1, "cannot assign to 'true'")]
    [InlineData("{% for in x %}", 1, "a name to assign to")]
    [InlineData("{% macro f(a=1, b) %}{% endmacro %}", 1, "default")]
    [InlineData("{{ f(a=1, 2) }}", 1, "without a name")]
    public void A_parse_error_tells_the_line_and_what_was_expected(string template, int line, string reason)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template, "qwen.jinja"));
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"qwen.jinja, line {line}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("\n{{ missing.x }}", 2, "'missing' is undefined")]
    [InlineData("\n\n{{ 'a' + 1 }}", 3, "can only concatenate str (not \"int\") to str")]
    [InlineData("{% macro m() %}\n{{ 1 // 0 }}{% endmacro %}\n\n{{ m() }}", 2, "integer division or modulo by zero")]
    public void An_error_while_rendering_tells_the_line(string template, int line, string reason)
    {
        var error = Assert.Throws<TemplateException>(() => Templates.Render(template));
        Assert.Equal($"chat_template, line {line}: {reason}", error.Message);
    }

    [Fact]
    public void An_unknown_filter_matters_only_where_it_is_used()
    {
        const string template = "{% if x %}{{ x | from_json }}{% endif %}{{ (1 | from_json) if x else 2 }}";
        Assert.Equal("2", Templates.Render(template));
        Assert.Throws<TemplateException>(() => Templates.Render(template, """{"x": "{}"}"""));
    }

    [Fact]
    public void What_the_template_raises_comes_through_unchanged()
    {
        var error = Assert.Throws<TemplateException>(() => Templates.Render("{{ raise_exception('Roles must alternate') }}"));
        Assert.Equal("Roles must alternate", error.Message);
        Assert.True(error.RaisedByTemplate);
    }

    [Theory]
    [InlineData("{{ x }}", """{"x": "\ud800"}""")]
    [InlineData("{{ x }}", """{"\udc00": 1}""")]
    [InlineData("{{ x }}", "[1]")]
    public void Inputs_that_no_text_can_be_made_of_are_an_error(string template, string variables) =>
        Assert.Throws<TemplateException>(() => Templates.Render(template, variables));
}
