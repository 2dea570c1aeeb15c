using System.Text;

namespace Folio.Chat;

/// <summary>A call whose arguments are being read. One of an offered tool is told at once; any other when it is whole.</summary>
internal sealed class PendingCall(MessageWriter message)
{
    private readonly StringBuilder _arguments = new(); // not told yet

    /// <summary>Null: not known yet.</summary>
    public string? Name { get; set; }

    /// <summary>The model's own id, if it gave one before the call was told.</summary>
    public string? Id { get; set; }

    /// <summary>It can't be taken back.</summary>
    public bool IsTold { get; private set; }

    public void Append(char c) => _arguments.Append(c);

    public void Append(string text) => _arguments.Append(text);

    /// <summary>Its arguments have begun as an object: where it is surely a call, its name is told.</summary>
    public void TellIfOffered()
    {
        if (Name is not null && message.IsOffered(Name)) Tell();
    }

    /// <summary>Tells what is known of the arguments, if the call has been told.</summary>
    public void Send(Feed feed)
    {
        if (!IsTold) return;
        message.Arguments(_arguments.ToString());
        _arguments.Clear();
        feed.Release();
    }

    /// <summary>It is whole.</summary>
    public void Finish(Feed feed)
    {
        Tell();
        Send(feed);
    }

    private void Tell()
    {
        if (IsTold) return;
        IsTold = true;
        message.Call(Name!, Id);
    }
}
