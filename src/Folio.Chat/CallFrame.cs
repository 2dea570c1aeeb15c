using System.Text;

namespace Folio.Chat;

/// <summary>How a format writes calls whose arguments are JSON: what a grammar must force around each name and its arguments.</summary>
/// <param name="Open">In front of all calls.</param>
/// <param name="Begin">In front of a call's name.</param>
/// <param name="Middle">Between the name and the arguments.</param>
/// <param name="End">Behind the arguments.</param>
/// <param name="Separator">Between two calls.</param>
/// <param name="Close">Behind all calls.</param>
public sealed record CallFrame(string Open, string Begin, string Middle, string End, string Separator, string Close)
{
    /// <summary>Calls as the format writes them.</summary>
    public string Write(params IEnumerable<(string Name, string Arguments)> calls)
    {
        var text = new StringBuilder(Open);
        bool isFirst = true;
        foreach ((string name, string arguments) in calls)
        {
            if (!isFirst) text.Append(Separator);
            text.Append(Begin).Append(name).Append(Middle).Append(arguments).Append(End);
            isFirst = false;
        }

        return text.Append(Close).ToString();
    }
}
