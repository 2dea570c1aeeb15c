using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>Templates that want more time, memory or stack than they may have: each ends in one error.</summary>
public class HostileTemplateTests
{
    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "")]
    [InlineData("{{ range(10**12) | list | length }}", "Range too big")]
    [InlineData("{{ 'x' * 10**9 }}", "characters")]
    [InlineData("{{ 'x' * 10**30 }}", "characters")]
    [InlineData("{{ [0] * 10**9 }}", "steps")]
    [InlineData("{{ ('x' * 10**7) * 10**7 }}", "characters")]
    [InlineData("{{ '' * 10**12 }}{{ raise_exception('end') }}", "end")]
    [InlineData("{{ 10 ** (10 ** 10) }}", "bits")]
    [InlineData("{% set ns = namespace(n=3) %}{% for i in range(99999) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "bits")]
    [InlineData("{% set ns = namespace(s='xy') %}{% for i in range(99999) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(99999) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(99999) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "deep")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(150) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(150) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}", "")]
    [InlineData("{% set ns = namespace(s=(0,), t=(0,)) %}{% for i in range(150) %}{% set ns.s = (ns.s, ns.s) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ ns.s == ns.t }}", "steps")]
    [InlineData("{% set ns = namespace(s=(0,)) %}{% for i in range(150) %}{% set ns.s = (ns.s, ns.s) %}{% endfor %}{{ {ns.s: 1} }}", "steps")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(99999) %}{% set ns.s = ns.s | map('string') %}{% endfor %}{{ ns.s | list }}", "deep")]
    [InlineData("{% set ns = namespace(s=(0,)) %}{% for i in range(99999) %}{% set ns.s = (ns.s,) %}{% endfor %}{{ {ns.s: 1} }}", "deep")]
    [InlineData("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "deep")]
    [InlineData("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "deep")]
    [InlineData("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(100) }}", "steps")]
    [InlineData("{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", "deep")]
    [InlineData("{% macro m() %}{{ caller() }}{% endmacro %}{% macro k() %}{% call m() %}{{ k() }}{% endcall %}{% endmacro %}{{ k() }}", "deep")]
    [InlineData("{{ '%999999999d' % 1 }}", "characters")]
    [InlineData("{{ '%.999999999f' % 1.5 }}", "precision")]
    [InlineData("{{ '%99999999999999999999d' % 1 }}", "width")]
    [InlineData("{{ '{:999999999}'.format(1) }}", "characters")]
    [InlineData("{{ 'a'.center(999999999) }}", "characters")]
    [InlineData("{{ 'a' | center(999999999) }}", "characters")]
    [InlineData("{{ 'a'.zfill(999999999) }}", "characters")]
    [InlineData("{{ 'a\tb'.expandtabs(999999999) }}", "characters")]
    [InlineData("{{ 'a\nb' | indent(999999999) }}", "characters")]
    [InlineData("{{ [1] | tojson(indent=999999999) }}", "characters")]
    [InlineData("{{ [1] | batch(999999999, 0) | list }}", "steps")]
    [InlineData("{{ [1] | slice(999999999) | list }}", "steps")]
    [InlineData("{{ [1, 2] | join('x' * 10**7) | length }}{% for i in range(99) %}{{ [1, 2] | join('x' * 10**7) | length }}{% endfor %}", "characters")]
    [InlineData("{% set s = 'a' * 2000000 %}{% for i in range(9999) %}{{ 'a' * 1000000 ~ 'b' in s }}{% endfor %}", "")]
    [InlineData("{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{{ s is string and s.count('ab') }}{% endfor %}", "steps")]
    [InlineData("{% set s = '😀' * 4000000 %}{% for i in range(99999) %}{{ s[3999999] }}{% endfor %}", "steps")]
    [InlineData("{% set s = 'x' * 4000000 %}{% for i in range(99999) %}{{ s.replace('x', '') }}{% endfor %}", "steps")]
    [InlineData("{% set s = '9' * 4000 %}{% for i in range(99999) %}{% set n = s | int %}{% set m = n * n %}{% endfor %}", "bits")]
    [InlineData("{% set n = ('9' * 2000) | int %}{% for i in range(99999) %}{% for j in range(99999) %}{% set m = n * n %}{% endfor %}{% endfor %}", "steps")]
    public void Is_stopped_with_an_error(string template, string reason)
    {
        var error = Assert.Throws<TemplateException>(() => Templates.Render(template));
        Assert.Contains(reason, error.Message);
    }

    public static TheoryData<string, string> Nested => new()
    {
        { "parentheses", "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}" },
        { "lists", "{{ " + new string('[', 100_000) + new string(']', 100_000) + " }}" },
        { "signs", "{{ " + new string('-', 100_000) + "1 }}" },
        { "nots", "{{ " + Repeat("not ", 100_000) + "1 }}" },
        { "sums", "{{ 1" + Repeat(" + 1", 100_000) + " }}" },
        { "ors", "{{ 0" + Repeat(" or 0", 100_000) + " }}" },
        { "filters", "{{ 1" + Repeat(" | string", 100_000) + " }}" },
        { "attributes", "{{ a" + Repeat(".a", 100_000) + " }}" },
        { "calls", "{{ a" + Repeat("()", 100_000) + " }}" },
        { "conditions", "{{ 1" + Repeat(" if 1 else 1", 50_000) + " }}" },
        { "ifs", Repeat("{% if 1 %}", 40_000) + Repeat("{% endif %}", 40_000) },
        { "fors", Repeat("{% for a in [1] %}", 40_000) },
        { "targets", "{% set " + new string('(', 100_000) + "a" + new string(')', 100_000) + " = 1 %}" },
        { "filter blocks", "{% filter upper" + Repeat(" | upper", 100_000) + " %}{% endfilter %}" },
    };

    [Theory, MemberData(nameof(Nested))]
    public void Nesting_without_end_is_refused_by_the_parser(string what, string template)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template, what));
        Assert.StartsWith(what + ", line 1:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_statements_and_long_elif_chains_are_no_nesting()
    {
        string chain = "{% if 0 %}" + Repeat("{% elif 0 %}", 10_000) + "{% else %}end{% endif %}";
        Assert.Equal("end", Templates.Render(chain));
        Assert.Equal(20_000, Templates.Render(Repeat("{{ 1 }}", 20_000)).Length);
        Assert.Equal(5_000, Templates.Render("{{ 1" + Repeat(" ~ 1", 4_999) + " }}").Length);
    }

    [Fact]
    public void A_template_longer_than_the_limit_is_refused()
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(new string('x', ChatTemplate.MaxSource + 1)));
        Assert.Contains("characters", error.Message);
    }

    [Fact]
    public void Limits_are_the_callers_to_choose()
    {
        JsonElement variables = JsonFile.Parse("""{"x": "0123456789"}""");
        var limits = new TemplateLimits { MaxOutput = 25 };
        Assert.Equal(20, Templates.RenderTraced("{{ x }}{{ x }}", variables, limits).Text.Length);
        Assert.Throws<TemplateException>(() => Templates.RenderTraced("{{ x }}{{ x }}{{ x }}", variables, limits));
        Assert.Throws<TemplateException>(() => Templates.RenderTraced("{% for c in x %}{{ c }}{% endfor %}", variables, new TemplateLimits { MaxSteps = 20 }));
    }

    [Theory]
    [InlineData("{{ ''.__class__.__mro__ }}")]
    [InlineData("{{ x.__class__() }}")]
    [InlineData("{{ x['__class__']() }}")]
    [InlineData("{{ (x | attr('__class__'))() }}")]
    [InlineData("{{ '{0.__class__.__mro__}'.format(x) }}")]
    [InlineData("{{ raise_exception.__globals__['os'] }}")]
    [InlineData("{{ self._TemplateReference__context }}")]
    [InlineData("{{ x.append(1) }}")]
    [InlineData("{{ namespace.__init__.__globals__ }}")]
    [InlineData("{% import 'os' as os %}")]
    [InlineData("{% include '/etc/passwd' %}")]
    public void Nothing_outside_the_inputs_can_be_reached(string template) =>
        Assert.Throws<TemplateException>(() => Templates.Render(template, """{"x": [1]}"""));

    [Fact]
    public void A_parsed_template_renders_on_many_threads_at_once()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set ns = namespace(n=0) %}{% for i in range(n) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
        Parallel.For(0, 200, n =>
        {
            var input = new ChatTemplateInput { Messages = JsonFile.Parse("[]"), Kwargs = JsonFile.Parse($"{{\"n\": {n}}}") };
            Assert.Equal($"{n * (n - 1) / 2}", template.Render(input).Text);
        });
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
