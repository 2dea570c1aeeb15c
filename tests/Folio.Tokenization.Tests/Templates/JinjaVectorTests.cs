using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>The language itself, case by case, against Jinja2 3.1.6.</summary>
public class JinjaVectorTests
{
    private static readonly Lazy<JsonElement> s_file = new(() => JsonFile.Read(TestData.Shared("vectors", "jinja", "cases.json")));

    public static TheoryData<int> Cases => Ids("cases");

    public static TheoryData<int> Errors => Ids("errors");

    [Theory(SkipTestWithoutData = true), MemberData(nameof(Cases))] // the data lie beside the repository
    public void Renders_as_Jinja_does(int id)
    {
        JsonElement @case = s_file.Value.GetProperty("cases")[id];
        string template = @case.GetProperty("template").GetString()!;
        Assert.SkipWhen(template.Contains("urlize") || template.Contains("xmlattr"), "filters that make HTML are left out");
        Assert.Equal(@case.GetProperty("expected").GetString(), Templates.Render(template, @case.GetProperty("vars")));
    }

    [Theory(SkipTestWithoutData = true), MemberData(nameof(Errors))] // the data lie beside the repository
    public void Fails_where_Jinja_fails(int id)
    {
        JsonElement @case = s_file.Value.GetProperty("errors")[id];
        var error = Assert.Throws<TemplateException>(() => Templates.Render(@case.GetProperty("template").GetString()!, @case.GetProperty("vars")));
        Assert.Equal(@case.GetProperty("error").GetString() == "TemplateError", error.RaisedByTemplate);
        string expected = @case.GetProperty("python_message").GetString()!;
        if (error.RaisedByTemplate) Assert.Equal(expected, error.Message);
    }

    private static TheoryData<int> Ids(string list) =>
        TestData.SharedNames("vectors/jinja").Count == 0 ? [] : [.. Enumerable.Range(0, s_file.Value.GetProperty(list).GetArrayLength())];
}
